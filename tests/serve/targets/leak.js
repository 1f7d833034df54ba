// Keeps some of what it makes: 2 MiB a second stay, and there is enough garbage for V8 to collect.
'use strict';
const kept = [];
setInterval(() => {
    for (let i = 0; i < 2000; i++) {
        const one = { i, text: 'n' + i, list: [i, i, i, i] };
        if (i % 4 === 0)
            kept.push(one);
    }
    for (let i = 0; i < 3; i++)
        new Array(20000).fill({ i });
}, 20);
console.log(JSON.stringify({ pid: process.pid }));
