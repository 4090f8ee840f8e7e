import { describe, expect, test } from 'vitest';
import { networkOf } from '../../../bench/targets/networks.ts';
import { findFormat } from '../../../engine/formats/registry.ts';
import { profileModel } from '../../../engine/hardware/profile.ts';
import { findTarget, targetNamed, targets } from '../../../engine/hardware/registry.ts';
import type { Target } from '../../../engine/hardware/target.ts';
import { hasShared } from '../../shared.ts';

describe.each(targets.map((target) => [target.name, target] as const))('target %s', (_, target) => {
  test('says where each of its figures comes from', () => {
    for (const [figure, value] of Object.entries(target)) {
      if (['name', 'title', 'description', 'sources', 'anchors', 'weightsInRam', 'scratch'].includes(figure)) continue;
      expect(value, figure).toBeDefined();
      expect(target.sources[figure as keyof Target['sources']], figure).toMatch(/\w{4,}/);
    }
  });

  test('is held against measurements, each with its source', () => {
    expect(target.anchors.length).toBeGreaterThan(1);
    for (const anchor of target.anchors) {
      expect(anchor.source).toMatch(/\w{4,}/);
      expect(anchor.measured).toBeGreaterThan(0);
    }
  });

  test('runs formats that exist, and always float32 and int8', () => {
    for (const format of target.formats)
      expect(format === 'float32' || findFormat(format) !== undefined, format).toBe(true);
    expect(target.formats).toEqual(expect.arrayContaining(['float32', 'int8']));
    expect(target.macsPerCycle['int8×int8']).toBeGreaterThan(target.macsPerCycle['float32×float32']!);
  });
});

test('targets are found by name; a wrong name lists the right ones', () => {
  expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
  expect(findTarget('cortex-m7')).toBe(targets[0]);
  expect(() => targetNamed('cortex-m8')).toThrow(/cortex-m7, cortex-a72, x86-64/);
});

describe.skipIf(!hasShared)('estimates against published measurements (needs shared models)', () => {
  // docs/targets.md states these errors; a change of the model that makes them larger must be seen.
  const anchors = targetNamed('cortex-m7').anchors.map((anchor) => [anchor.network, anchor.quantity, anchor] as const);

  test.each(anchors)(
    'Cortex-M7, %s, %s: within the error that docs/targets.md states',
    async (name, quantity, anchor) => {
      const network = await networkOf(name, anchor.format);
      if (network === undefined) throw new Error(`no file of ${name}`);
      const target = { ...targetNamed('cortex-m7'), clockHz: anchor.clockHz };
      const error = profileModel(network.summary, network.formats, target)[quantity] / anchor.measured - 1;
      // RAM: STM32Cube.AI computes depthwise convolutions in place, where we count both tensors.
      const [low, high] = quantity === 'ram' ? [-0.1, 0.4] : [-0.12, 0.12];
      expect(error, `${(error * 100).toFixed(0)} %`).toBeGreaterThan(low!);
      expect(error, `${(error * 100).toFixed(0)} %`).toBeLessThan(high!);
    },
  );
});
