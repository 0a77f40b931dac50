// Unpack the packaged Chromium into the folder given as argument, and print how to start it as JSON.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(process.argv[2]);
mkdirSync(folder, { recursive: true });

// The package reads both when it is imported: where to unpack, and that the shared libraries
// for a bare machine are wanted too.
process.env.TMPDIR = folder;
process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs24.x";
const { default: chromium } = await import("@sparticuz/chromium");
const path = await chromium.executablePath();

// Its font configuration names /tmp/fonts; with another folder no text would be drawn at all.
const fonts = join(folder, "fonts");
const configuration = join(fonts, "fonts.conf");
if (existsSync(configuration)) {
  const packed = readFileSync(configuration, "utf8");
  const text = packed.replaceAll("/tmp/fonts", fonts);
  // A browser may be reading it.
  if (text !== packed) writeFileSync(configuration, text);
}

console.log(
  JSON.stringify({
    path,
    env: { LD_LIBRARY_PATH: join(folder, "al2023", "lib"), FONTCONFIG_PATH: fonts },
  }),
);
