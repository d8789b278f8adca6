// A form with `data-passkey` is sent with what the passkey answered in its field `credential`.
// `get`: sign; `create`: make a new one. Options come from the address in `data-options`.
const encode = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const decode = text => Uint8Array.from(
  atob(text.replaceAll("-", "+").replaceAll("_", "/")), letter => letter.charCodeAt(0));

// Browsers of 2025 and later read and write the JSON themselves; for the others, by hand.
function read(options, make) {
  const parse = make ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  if (window.PublicKeyCredential?.[parse]) return PublicKeyCredential[parse](options);
  const known = list => (list ?? []).map(one => ({ ...one, id: decode(one.id) }));
  const both = { ...options, challenge: decode(options.challenge) };
  return make
    ? { ...both, user: { ...options.user, id: decode(options.user.id) }, excludeCredentials: known(options.excludeCredentials) }
    : { ...both, allowCredentials: known(options.allowCredentials) };
}

function written(made) {
  if (made.toJSON) return made.toJSON();
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = encode(made.response[part]);
  }
  return { id: made.id, rawId: encode(made.rawId), type: made.type, response };
}

async function answer(form) {
  const make = form.dataset.passkey === "create";
  const asked = await fetch(form.dataset.options, { method: "POST" });
  if (!asked.ok) throw new Error("The page is too old. Load it again.");
  const publicKey = read(await asked.json(), make);
  const made = make
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  form.elements.credential.value = JSON.stringify(written(made));
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const said = form.querySelector("[data-said]");
  form.hidden = false;
  if (!window.PublicKeyCredential) {
    said.textContent = "This browser or this address cannot use passkeys.";
    continue;
  }
  form.addEventListener("submit", event => {
    event.preventDefault();
    said.textContent = "Waiting for your passkey.";
    answer(form).catch(wrong => {
      const stopped = wrong.name === "NotAllowedError" || wrong.name === "InvalidStateError";
      said.textContent = stopped ? "Nothing was confirmed. Please try again." : wrong.message;
    });
  });
}

// What was typed before the passkey was asked for goes on by itself.
document.querySelector("form[data-continue]")?.requestSubmit();
