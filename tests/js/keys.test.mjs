import assert from "node:assert/strict";
import { test } from "node:test";
import { isComposing } from "../../static/js/keys.js";

test("keys of an input method are told from others", () => {
  assert.equal(isComposing({ isComposing: true, keyCode: 13 }), true);
  assert.equal(isComposing({ isComposing: false, keyCode: 229 }), true);
  assert.equal(isComposing({ isComposing: false, keyCode: 13 }), false);
});
