// Renders a list of texts, given as JSON on standard input, as a page does.

import { text } from "node:stream/consumers";
import "./page.mjs";
import { render } from "../../static/js/markdown.js";

process.stdout.write(JSON.stringify(JSON.parse(await text(process.stdin)).map(render)));
