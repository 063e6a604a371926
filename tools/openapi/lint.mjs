// node lint.mjs FILE...: checks OpenAPI documents, one line per problem, exit 1 when there is any.
// The rules are those that catch a document which misleads a client or breaks a generator; matters of taste are left out.
import { createConfig, lint } from "@redocly/openapi-core";

const config = await createConfig({
  rules: {
    struct: "error",
    "no-unresolved-refs": "error",
    "no-identical-paths": "error",
    "path-declaration-must-exist": "error",
    "path-parameters-defined": "error",
    "path-not-include-query": "error",
    "operation-parameters-unique": "error",
    "operation-operationId-unique": "error",
    "operation-operationId-url-safe": "error",
    "operation-summary": "error",
    "operation-2xx-response": "error",
    "security-defined": "error",
    "no-enum-type-mismatch": "error",
    "no-invalid-schema-examples": "error",
    "no-invalid-media-type-examples": "error",
    "no-duplicated-tag-names": "error",
  },
});

// A public operation has no "security" member: that is how the specification says it, not a slip.
const isPublicOperation = (problem) =>
  problem.ruleId === "security-defined" && problem.message.startsWith("Every operation");

let found = 0;
for (const file of process.argv.slice(2)) {
  for (const problem of await lint({ ref: file, config })) {
    if (isPublicOperation(problem)) continue;
    found += 1;
    const where = problem.location?.[0]?.pointer ?? "";
    console.log(`${file}${where}: ${problem.message} (${problem.ruleId})`);
  }
}
process.exitCode = found ? 1 : 0;
