// `npm run conformance`: the ONNX operator suite by the reference evaluation and by the executor, operator by operator,
// beside onnxruntime. Exits with 1 where a case fails that no line of `exclusions.ts` gives a reason for.
import { loadKernels } from '../../kernels/loader.ts';
import { casesWithData } from './archive.ts';
import { onnxruntimeStatus } from './onnxruntime.ts';
import { conformanceReport } from './report.ts';
import { type Outcome, runExecutor, runReference } from './runner.ts';

const cases = casesWithData();
if (cases.length === 0) {
  console.log('SKIPPED: the ONNX operator suite is not here (onnx-node/onnx-node-tests.tar.gz of the shared material;');
  console.log('QSPEC_SHARED names its folder). Nothing was run.');
  process.exit(0);
}

const reference = cases.map(runReference);
const executor: Outcome[] = [];
const kernels = await loadKernels({ mode: 'strict' });
for (const item of cases) executor.push(await runExecutor(item, kernels));
kernels.dispose();

const { lines, failed } = conformanceReport(reference, executor, onnxruntimeStatus());
console.log(lines.join('\n'));
process.exit(failed ? 1 : 0);
