import { describe, expect, test } from 'vitest';
import { networkOf } from '../../../bench/targets/networks.ts';
import { findFormat } from '../../../engine/formats/registry.ts';
import { storedFormats } from '../../../engine/hardware/model-formats.ts';
import { profileModel } from '../../../engine/hardware/profile.ts';
import { findTarget, targetNamed, targets } from '../../../engine/hardware/registry.ts';
import type { Anchor, Target } from '../../../engine/hardware/target.ts';
import { small } from '../../language/support/model.ts';
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
  expect(() => targetNamed('cortex-m8')).toThrow(/cortex-m7, cortex-m33, cortex-m4, cortex-a72, x86-64/);
});

describe.skipIf(!hasShared)('estimates against published measurements (needs shared models)', () => {
  // docs/targets.md states these errors; a change of the model that makes them larger must be seen.
  // RAM: STM32Cube.AI computes depthwise convolutions in place, where we count both tensors.
  const within = (anchor: Anchor, target: string) =>
    anchor.quantity === 'ram' ? [-0.1, 0.4] : target === 'cortex-m7' ? [-0.12, 0.12] : [-0.18, 0.18];
  // Other runtimes, and older versions of one, are slower than what the rates are fitted to.
  const rows = ['cortex-m7', 'cortex-m33', 'cortex-m4'].flatMap((target) => {
    const { anchors } = targetNamed(target);
    const runtimes = new Set(anchors.filter(({ fitted }) => fitted).map(({ runtime }) => runtime));
    return anchors.filter(({ runtime }) => runtimes.has(runtime)).map((anchor) => ({ target, anchor }));
  });

  test.each(rows)(
    '$target, $anchor.network, $anchor.quantity: within the error that docs/targets.md states',
    async ({ target, anchor }) => {
      const error = (await estimateOf(target, anchor)) / anchor.measured - 1;
      const [low, high] = within(anchor, target);
      expect(error, `${(error * 100).toFixed(0)} %`).toBeGreaterThan(low!);
      expect(error, `${(error * 100).toFixed(0)} %`).toBeLessThan(high!);
    },
  );

  test('another runtime on the same machine takes more energy than the estimate, and up to four times as much', async () => {
    const [slow] = targetNamed('cortex-m4').anchors.filter(({ runtime }) => runtime.startsWith('TensorFlow'));
    const times = slow!.measured / (await estimateOf('cortex-m4', slow!));
    expect(times).toBeGreaterThan(4);
    expect(times).toBeLessThan(5);
  });

  async function estimateOf(name: string, { network: file, format, quantity, clockHz }: Anchor): Promise<number> {
    const network = await networkOf(file, format);
    if (network === undefined) throw new Error(`no file of ${file}`);
    return profileModel(network.summary, network.formats, { ...targetNamed(name), clockHz })[quantity]!;
  }
});

describe('energy', () => {
  const powered = targets.filter(({ activePower }) => activePower !== undefined);

  // Energy by latency of published rows: the power that a target states must be what was measured, whatever the network.
  test.each(['cortex-m4', 'cortex-m33'])(
    'of %s: measured energies are its power times the measured latencies',
    (name) => {
      const { anchors, activePower } = targetNamed(name);
      const energies = anchors.filter(({ quantity }) => quantity === 'energy');
      const pairs = energies.flatMap((energy) => {
        const same = (other: Anchor) => other.network === energy.network && other.source === energy.source;
        const latency = anchors.find((other) => other.quantity === 'latency' && same(other));
        return latency ? [energy.measured / latency.measured] : [];
      });
      expect(pairs).toHaveLength(4);
      for (const power of pairs) expect(Math.abs(power / activePower! - 1)).toBeLessThan(0.1);
    },
  );

  test('of a layer and of a network is power times time, and there is none where the power is not known', () => {
    expect(powered.map(({ name }) => name)).toEqual(['cortex-m33', 'cortex-m4', 'cortex-a72']);
    for (const target of targets) {
      const { energy, latency, layers } = profileModel(small, storedFormats, target);
      const expected = target.activePower === undefined ? undefined : target.activePower * latency;
      expect(energy).toBe(expected);
      const sum = layers.reduce((total, layer) => total + (layer.energy ?? 0), 0);
      expect(sum).toBeCloseTo(expected ?? 0, 12);
    }
  });
});
