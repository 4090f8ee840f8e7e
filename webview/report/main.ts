import { connect, element, replaceContent } from '../host.ts';
import { registerControls } from '../toolkit.ts';

registerControls();

connect((message) => {
  if (message.kind === 'report')
    replaceContent(element('h1', 'title', message.title), element('pre', 'report', message.text));
  if (message.kind === 'failed') replaceContent(element('p', 'failed', message.what, ' ', message.fix ?? ''));
});
