import { type CancellationToken, type MessageConnection, ResponseError } from 'vscode-jsonrpc';
import { discoverData } from '../data/discover.ts';
import { confinedHost } from '../files/confined-host.ts';
import { FindingError } from '../findings.ts';
import { integerView } from '../hardware/integer-view.ts';
import { profileModel } from '../hardware/profile.ts';
import { targetNamed } from '../hardware/registry.ts';
import type { Host } from '../host.ts';
import { Cancelled, type Progress } from '../progress.ts';
import type { RunContext } from '../run/context.ts';
import { evaluateModel } from '../run/evaluate-model.ts';
import { loadModel, prepare } from '../run/load.ts';
import { quantizeJob } from '../run/quantize.ts';
import { measureSensitivity } from '../run/sensitivity.ts';
import { runnableBytes } from '../verify/model-bytes.ts';
import { verifyModel } from '../verify/verify.ts';
import { type Confinement, errorCodes, notifications, requests, type ServiceProblem } from './protocol.ts';
import { type Asked, RunQueue } from './run-queue.ts';

export interface ServiceOptions {
  readonly host: Host;
  readonly threads: number;
  readonly loadRuntime?: RunContext['loadRuntime'];
  readonly version: string;
  readonly statistics?: RunContext['statistics'];
}

/** Answers the protocol on a connection until it closes. */
export function serve(
  connection: MessageConnection,
  { host, threads, loadRuntime, version, statistics }: ServiceOptions,
): void {
  const queue = new RunQueue((progress) => void connection.sendNotification(notifications.progress, progress));
  const hostFor = ({ folders }: Confinement) => (folders === undefined ? host : confinedHost(host, folders));
  const contextOf = (progress: Progress, params: Confinement): RunContext => ({
    host: hostFor(params),
    progress,
    threads,
    toolVersion: version,
    ...(loadRuntime && { loadRuntime }),
    ...(statistics && { statistics }),
  });
  const run = <T>(
    { run, kind, subject, cancelCell, ...params }: Asked & Confinement,
    token: CancellationToken,
    work: (context: RunContext) => Promise<T>,
  ) => {
    const asked: Asked = { run, kind, subject, ...(cancelCell && { cancelCell }) };
    const subscription = token.onCancellationRequested(() => queue.cancel(asked.run));
    return answer(() => queue.add(asked, (progress) => work(contextOf(progress, params)), problemOf)).finally(() =>
      subscription.dispose(),
    );
  };

  connection.onRequest(requests.summarize, (params) =>
    answer(async () => (await loadModel(hostFor(params), params.path, { weights: 'shapes' })).summary),
  );
  connection.onRequest(requests.profile, ({ path, target, ...params }) =>
    answer(async () => {
      const model = await loadModel(hostFor(params), path);
      const { summary, formats } = integerView({ ...model.model, graph: prepare(model).graph });
      return profileModel(summary, formats, targetNamed(target));
    }),
  );
  connection.onRequest(requests.quantize, ({ run: name, job, options, ...params }, token) =>
    run({ ...params, run: name, kind: 'quantize', subject: job.spec.path }, token, (context) =>
      quantizeJob(job, context, options),
    ),
  );
  connection.onRequest(requests.evaluate, ({ run: name, path, job, samples, ...params }, token) =>
    run({ ...params, run: name, kind: 'evaluate', subject: path }, token, (context) =>
      evaluateModel(path, job, context, samples),
    ),
  );
  connection.onRequest(requests.verify, ({ run: name, path, against, ...params }, token) =>
    run({ ...params, run: name, kind: 'verify', subject: path }, token, async ({ host, progress }) => {
      if (loadRuntime === undefined) throw new Error('this engine has no ONNX Runtime');
      return verifyModel(await loadRuntime(), await runnableBytes(host, path), {
        progress,
        ...(against !== undefined && { against: await runnableBytes(host, against) }),
      });
    }),
  );
  connection.onRequest(requests.sensitivity, ({ run: name, path, job, samples, ...params }, token) =>
    run({ ...params, run: name, kind: 'sensitivity', subject: path }, token, (context) =>
      measureSensitivity(path, job, context, samples),
    ),
  );
  connection.onRequest(requests.discoverData, ({ path, ...params }) =>
    answer(() => discoverData(hostFor(params), path)),
  );
  connection.onRequest(requests.cancel, ({ run: name }) => queue.cancel(name));
  connection.onRequest(requests.status, () => ({ version, runs: queue.running, ended: queue.ended }));
}

/** Turns what is thrown into an error answer that the client turns back. */
async function answer<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem = problemOf(error);
    const message =
      problem.kind === 'finding' ? problem.finding.what : problem.kind === 'fault' ? problem.message : 'Cancelled.';
    throw new ResponseError<ServiceProblem>(errorCodes[problem.kind], message, problem);
  }
}

function problemOf(error: unknown): ServiceProblem {
  if (error instanceof FindingError) return { kind: 'finding', finding: error.finding };
  if (error instanceof Cancelled) return { kind: 'cancelled' };
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return { kind: 'fault', message, ...(stack !== undefined && { stack }) };
}
