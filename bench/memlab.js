// What memlab needs to read a heap snapshot and find the retained size of each node.
//
//   memlab.js FOLDER FILE
//
// FOLDER holds its packages. Says how many nodes there are.
'use strict';
const path = require('path');
const { utils, analysis } = require(path.join(process.argv[2], 'node_modules', '@memlab', 'core'));

(async () => {
    const snapshot = await utils.getSnapshotFromFile(process.argv[3], { buildNodeIdIndex: true, verbose: false });
    analysis.preparePathFinder(snapshot);
    console.log(JSON.stringify({ nodes: snapshot.nodes.length }));
})();
