// A child process of killed-export.test.ts: writes the new model over the old one and dies at the moment given.
import { nodeHost } from '../../../engine/env/node/host.ts';
import { writeModel } from '../../../engine/onnx/model-file.ts';
import { dyingHost } from '../../fault-injection.ts';
import { versionOf } from './versions.ts';

const [path, version, moment] = process.argv.slice(2) as [string, string, string];
const host = dyingHost(nodeHost(), Number(moment));
await writeModel(host, path, versionOf(version), { externalData: 'always' });
console.log(host.moments());
