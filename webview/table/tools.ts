import { element, withAttributes } from '../dom.ts';

/** A field that filters a table; Escape empties it. Setting its value by program narrows nothing. */
export function filterField(
  by: string,
  initial: string,
  narrow: (text: string) => void,
): HTMLElement & { value: string } {
  const field = document.createElement('vscode-text-field') as HTMLElement & { value: string };
  withAttributes(field, {
    'data-testid': 'filter',
    placeholder: `Filter by ${by}`,
    'aria-label': `Filter layers by ${by}`,
  });
  field.value = initial;
  field.addEventListener('input', () => narrow(field.value));
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || field.value === '') return;
    field.value = '';
    narrow('');
  });
  return field;
}

/** `12 of 26 layers`. */
export function countText(left: number, all: number): string {
  const total = `${all.toLocaleString('en-US')} ${all === 1 ? 'layer' : 'layers'}`;
  if (left === all) return total;
  return left === 0 ? `None of ${total} matches.` : `${left.toLocaleString('en-US')} of ${total}`;
}

/** Where a table says how many of its rows are shown. */
export function countPlace(): HTMLElement {
  return withAttributes(element('span', 'soft small count'), { role: 'status', 'data-testid': 'count' });
}
