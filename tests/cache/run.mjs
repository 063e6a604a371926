// Runs all tests against the cache at the URL given, and prints one line of JSON per test.
import { determineTestResult } from 'http-cache-tests/lib/display.mjs'
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs'
import fetch from 'node-fetch'
import suites from 'http-cache-tests/tests/index.mjs'
import surrogate from 'http-cache-tests/tests/surrogate-control.mjs'

const all = [...suites, surrogate]
const verdicts = { '✅': 'pass', '⛔️': 'fail', '⚠️': 'fail', Y: 'yes', N: 'no', '🔹': 'setup', '⁉️': 'harness', '⚪️': 'dependency', '↻': 'retry', '-': 'untested' }

await runTests(all, fetch, false, process.argv[2])
const results = getResults()
for (const suite of all) {
  for (const test of suite.tests) {
    if (test.browser_only) continue
    const verdict = verdicts[determineTestResult(all, test.id, results)[2]]
    const why = Array.isArray(results[test.id]) ? results[test.id][1] : ''
    console.log(JSON.stringify({ suite: suite.id, id: test.id, name: test.name, kind: test.kind ?? 'required', verdict, why }))
  }
}
process.exit(0)
