import { connect, element, replaceContent } from '../host.ts';
import { registerControls } from '../toolkit.ts';

registerControls();

connect((message) => {
  if (message.kind === 'report') replaceContent(element('h1', 'title', message.title));
  if (message.kind === 'notice') replaceContent(element('p', 'notice', message.what, ' ', message.fix ?? ''));
});
