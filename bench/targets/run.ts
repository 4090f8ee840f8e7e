// Estimates of the hardware targets beside published measurements: the error table of docs/targets.md.
//   node bench/targets/run.ts [--write]
import { join } from 'node:path';
import { profileModel } from '../../engine/hardware/profile.ts';
import { targets } from '../../engine/hardware/registry.ts';
import { bytes, duration, joules } from '../../engine/report/quantities.ts';
import { writeBetweenMarkers } from '../../scripts/markers.mjs';
import { hasShared, root } from '../../test/shared.ts';
import { networkOf } from './networks.ts';

if (!hasShared) {
  console.error('bench/targets: skipped, the shared models are absent (QSPEC_SHARED names their folder)');
  process.exit(1);
}
const lines = [
  '| target | network | format | quantity | measured | estimated | error | fitted | measured on |',
  '|---|---|---|---|---:|---:|---:|---|---|',
];
for (const target of targets) {
  for (const anchor of target.anchors) {
    const { network, format, quantity, measured, clockHz, device, runtime, source, fitted } = anchor;
    const subject = await networkOf(network, format);
    const profile = subject && profileModel(subject.summary, subject.formats, { ...target, clockHz });
    const say = { latency: duration, energy: joules, flash: bytes, ram: bytes }[quantity];
    const estimate = profile?.[quantity];
    const error =
      estimate === undefined
        ? '–'
        : `${estimate >= measured ? '+' : '−'}${Math.abs((estimate / measured - 1) * 100).toFixed(0)} %`;
    const cells = [
      target.name,
      network,
      format,
      quantity === 'ram' ? 'RAM' : quantity,
      say(measured),
      estimate === undefined ? 'no file of it at hand' : say(estimate),
      error,
      fitted ? 'yes' : 'no',
      `${device}, ${runtime}; ${source}`,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
}
const text = lines.join('\n');
console.log(text);
if (process.argv.includes('--write')) writeBetweenMarkers(join(root, 'docs', 'targets.md'), 'errors', text);
