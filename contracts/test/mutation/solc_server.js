// The compiler as a process that stays: a line of standard JSON in, a line of it out. Loading it and warming it up
// would otherwise cost every mutant two seconds.
"use strict";

const { createRequire } = require("module");
const lines = require("readline").createInterface({ input: process.stdin });
const solc = createRequire(process.cwd() + "/")("solc");

// JSON.stringify, because a line must not have line breaks in it.
lines.on("line", (line) => process.stdout.write(JSON.stringify(JSON.parse(solc.compile(line))) + "\n"));
