/** A button of the toolkit; `appearance` as the toolkit names it. */
export function button(
  label: string | Node,
  appearance: 'primary' | 'secondary' | 'icon',
  press: () => void,
  attributes: Readonly<Record<string, string>> = {},
): HTMLElement {
  const control = document.createElement('vscode-button');
  control.setAttribute('appearance', appearance);
  for (const [name, value] of Object.entries(attributes)) control.setAttribute(name, value);
  if (attributes['aria-label'] !== undefined) control.title = attributes['title'] ?? attributes['aria-label'];
  control.append(label);
  control.addEventListener('click', press);
  return control;
}
