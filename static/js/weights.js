// The sums of weights while they are typed. Whole hundredths, so that 33.34 + 33.33 + 33.33 is 100 and nothing else.
const hundredths = (text) => {
  const found = /^\s*(\d{1,5})(?:\.(\d{1,2})0*)?\s*$/.exec(text.normalize("NFKC"));
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0") || 0) : text.trim() ? NaN : 0;
};
const shown = (sum) => (Number.isNaN(sum) ? "?" : `${Math.trunc(sum / 100)}${sum % 100 ? `.${String(sum % 100).padStart(2, "0")}` : ""}`);

function reckon(form) {
  for (const output of form.querySelectorAll("output[data-sum]")) {
    let sum = 0;
    for (const field of form.querySelectorAll(`input[data-weight="${output.dataset.sum}"]`)) {
      const named = document.getElementById(field.dataset.of);
      if (!named || named.value.trim()) sum += hundredths(field.value);
    }
    output.value = shown(sum);
    output.classList.toggle("is-wrong", sum !== 10000);
    output.nextElementSibling.hidden = sum === 10000;
    const perspective = document.getElementById(`f-${output.dataset.sum}-key`);
    if (perspective) output.parentElement.hidden = !perspective.value.trim() && sum === 0;
  }
}

for (const form of document.querySelectorAll("form[data-weights]")) {
  form.addEventListener("input", () => reckon(form));
  reckon(form);
}
