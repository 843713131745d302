// Passkeys: <form data-passkey="create|get"> asks the browser for the key, puts its answer into field "credential", submits.
// What to ask comes from a JSON block of the page (data-passkey-options, its id) or from an address (data-passkey-from).

const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const encode = (buffer) =>
  buffer &&
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function asked({ publicKey }) {
  const ids = (list) => list?.map((entry) => ({ ...entry, id: decode(entry.id) }));
  const options = { ...publicKey, challenge: decode(publicKey.challenge) };
  if (options.user) options.user = { ...options.user, id: decode(options.user.id) };
  if (options.excludeCredentials) options.excludeCredentials = ids(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = ids(options.allowCredentials);
  return options;
}

function answer(credential) {
  const { response } = credential;
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: encode(response.userHandle),
      transports: response.getTransports?.(),
    },
  };
}

async function options(form) {
  const { passkeyFrom: from, passkeyOptions: id } = form.dataset;
  if (!from) return JSON.parse(document.getElementById(id).textContent);
  const response = await fetch(from, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`The options were refused: ${response.status}`);
  return (await response.json()).request_options;
}

async function obtain(form) {
  const publicKey = asked(await options(form));
  if (form.dataset.passkey === "get") return answer(await navigator.credentials.get({ publicKey }));
  const alone = Boolean(form.elements.passwordless?.checked);
  publicKey.authenticatorSelection = {
    ...publicKey.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    userVerification: alone ? "required" : (publicKey.authenticatorSelection?.userVerification ?? "preferred"),
  };
  return answer(await navigator.credentials.create({ publicKey }));
}

function say(text) {
  document.dispatchEvent(new CustomEvent("almia:toast", { detail: { level: "error", text } }));
}

// Before forms.js, which marks a form as being sent: asking for a key is not sending yet, and may be cancelled.
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!form.matches("[data-passkey]") || form.elements.credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!window.PublicKeyCredential) {
      say(form.dataset.passkeyUnsupported);
      return;
    }
    try {
      form.elements.credential.value = JSON.stringify(await obtain(form));
    } catch {
      say(form.dataset.passkeyFailed);
      return;
    }
    form.requestSubmit();
  },
  { capture: true },
);

// The page shown again by the browser's back button: an answer is valid for one challenge only.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-passkey]")) form.elements.credential.value = "";
});
