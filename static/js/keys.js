// Keys pressed while an input method is at work (Chinese, Japanese, Korean, accents): Enter takes its suggestion, Escape drops it,
// the arrows choose. These keys belong to the input method: any script that listens to keys asks here first.

// Safari ends the composition before it reports the key that ended it: all that can be seen is key code 229.
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}
