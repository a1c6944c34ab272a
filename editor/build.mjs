// Bundles the editor into one ES module. `node build.mjs OUT`
import { build } from "esbuild";

await build({
  entryPoints: ["src/index.js"],
  outfile: process.argv[2] ?? "../static/vendor/editor.js",
  bundle: true, format: "esm", minify: true, target: "es2022", legalComments: "linked", charset: "utf8", logLevel: "warning",
});
