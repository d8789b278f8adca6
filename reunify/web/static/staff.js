// Typing is activity: tell the house at most every five minutes, so that a long form never ends its session.
let told = Date.now();
document.addEventListener("input", () => {
  if (Date.now() - told < 300000) return;
  told = Date.now();
  fetch("/still-here", { method: "POST" });
});
