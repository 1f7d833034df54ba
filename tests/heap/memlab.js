// What memlab says of snapshots: memlab.js FOLDER FILE...
//
// FOLDER holds its packages. A JSON line for each file: how much it has, and what each property of
// the object of class Planted retains. Retained sizes come from memlab's own dominators.
'use strict';
const path = require('path');
const { analysis, config, utils } = require(
    path.join(process.argv[2], 'node_modules', '@memlab', 'core'));

config.muteConsole = true;

function retainedOf(snapshot) {
    const found = [];
    snapshot.nodes.forEach((node) => {
        if (node.type !== 'object' || node.name !== 'Planted')
            return;
        const retained = {};
        node.references.forEach((edge) => {
            if (edge.type === 'property' && edge.name_or_index !== '__proto__')
                retained[edge.name_or_index] = edge.toNode.retainedSize;
        });
        // The prototype has the same name.
        if (retained.keep !== undefined)
            found.push(retained);
    });
    if (found.length !== 1)
        throw new Error(`there are ${found.length} objects of class Planted`);
    return found[0];
}

async function main(files) {
    for (const file of files) {
        const snapshot = await utils.getSnapshotFromFile(file, { buildNodeIdIndex: true });
        analysis.preparePathFinder(snapshot);
        console.log(JSON.stringify({ nodes: snapshot.nodes.length, edges: snapshot.edges.length,
            retained: retainedOf(snapshot) }));
    }
}

main(process.argv.slice(3));
