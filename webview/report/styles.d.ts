/** esbuild turns the import of a style sheet into a file beside the bundle. */
declare module '*.css';
