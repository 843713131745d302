// Keys pressed while an input method is at work (Chinese, Japanese, Korean, accents): Enter takes its suggestion, Escape drops it,
// the arrows choose. They are its own: whoever listens to keys asks here first.

// Safari ends the composition before it tells of the key that ended it: what is left to see is the code 229.
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}
