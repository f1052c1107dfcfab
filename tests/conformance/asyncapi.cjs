// Says whether the description of the topics is one: asyncapi.cjs <folder of the parser> <file>

const { readFileSync } = require("node:fs");
const { Parser } = require(`${process.argv[2]}/node_modules/@asyncapi/parser`);

/** 0 is an error; 1 to 3 are advice, such as that there is a newer version of AsyncAPI. */
const ERROR = 0;

new Parser().parse(readFileSync(process.argv[3], "utf8")).then(({ document, diagnostics }) => {
  const errors = diagnostics.filter(({ severity }) => severity === ERROR);
  for (const { message, path } of errors) console.error(`${path.join("/")}: ${message}`);
  process.exitCode = document && errors.length === 0 ? 0 : 1;
});
