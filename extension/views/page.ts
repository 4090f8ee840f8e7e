import * as vscode from 'vscode';

/**
 * The page of a webview: one script, one style sheet, nothing else may load. Content comes as messages and is drawn as
 * text, so nothing of a model or a spec is ever part of this markup.
 */
export function preparePage(webview: vscode.Webview, extension: vscode.Uri, name: 'graph' | 'plan' | 'report'): void {
  const folder = vscode.Uri.joinPath(extension, 'dist', 'webview');
  webview.options = { enableScripts: true, localResourceRoots: [folder] };
  const url = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  const nonce = randomWord();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `img-src ${webview.cspSource} data:`,
    `font-src ${webview.cspSource}`,
  ].join('; ');
  webview.html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>QSpec</title>
<link rel="stylesheet" href="${url(`${name}.css`)}">
</head>
<body>
<script nonce="${nonce}" src="${url(`${name}.js`)}"></script>
</body>
</html>`;
}

function randomWord(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
