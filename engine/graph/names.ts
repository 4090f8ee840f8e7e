import type { Finding } from '../findings.ts';
import { isPrintable, shown } from '../operators/shared/attributes.ts';

/**
 * Gives every node of a model its unique name. Names of the file stay; a node without one is called after its operator
 * and its place in the file (`Conv_12`), so that the name is the same at every reading; a second bearer of a name gets
 * its place appended.
 */
export class NodeNames {
  private readonly taken = new Set<string>();
  private readonly findings: Finding[];

  constructor(findings: Finding[]) {
    this.findings = findings;
  }

  /** Reserves the names that a list of nodes has, and then names the rest. `prefix` ends with a slash or is empty. */
  assign(nodes: readonly { readonly name?: string; readonly op_type?: string }[], prefix: string): string[] {
    const names = nodes.map((node, index) => {
      if (!node.name) return '';
      this.checkText(node.name);
      const name = prefix + node.name;
      if (!this.taken.has(name)) return this.take(name);
      const unique = this.unique(`${name}_${index}`);
      this.findings.push({
        code: 'model/duplicate-name',
        severity: 'warning',
        what: `More than one node is called “${shown(name)}”; the one at place ${index} is “${shown(unique)}” here.`,
        why: 'Rules of a spec choose layers by their names.',
      });
      return unique;
    });
    return names.map((name, index) => name || this.unique(`${prefix}${nodes[index]!.op_type ?? 'Node'}_${index}`));
  }

  private unique(wish: string): string {
    let name = wish;
    for (let i = 2; this.taken.has(name); i++) name = `${wish}_${i}`;
    return this.take(name);
  }

  private take(name: string): string {
    this.taken.add(name);
    return name;
  }

  private checkText(name: string): void {
    if (isPrintable(name)) return;
    this.findings.push({
      code: 'model/name-unprintable',
      severity: 'warning',
      what: `The node name “${shown(name)}” holds control characters.`,
      why: 'A spec cannot well name such a layer.',
      fix: 'Choose the layer by its operator or position, or rename it in the model.',
    });
  }
}
