// `npm run conformance`: the ONNX operator suite, operator by operator (test/conformance/main.ts).
import { node, prepare, run } from './project.mjs';

prepare();
if (run(node, ['scripts/generate.mjs']) !== 0) process.exit(1);
process.exit(run(node, ['test/conformance/main.ts']));
