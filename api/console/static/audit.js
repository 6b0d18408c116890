// The slider says in words where it stands, once the page has been shown what was there then.
"use strict";
(() => {
  const slider = document.querySelector("[data-slider]");
  if (!slider) return;
  for (const button of document.querySelectorAll("[data-slider-go]")) button.hidden = true;
  document.addEventListener("htmx:after:swap", () => {
    const said = document.getElementById("then")?.dataset.said;
    if (said) slider.setAttribute("aria-valuetext", said);
  });
})();
