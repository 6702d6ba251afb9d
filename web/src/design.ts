// The contrast of each colour with what it stands on, reckoned from what the browser shows, light or dark.
function contrast(one: string, other: string): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).map(Number).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function colourOf(name: string): string {
  const probe = document.createElement("i");
  probe.className = `${name}-swatch`;
  probe.hidden = true;
  document.body.append(probe);
  const colour = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return colour;
}

function tell(): void {
  document.querySelectorAll<HTMLElement>(".swatches [data-colour]").forEach((row) => {
    const { colour = "", on = "" } = row.dataset;
    const figures = on.split(" ").filter(Boolean).map((ground) => `${contrast(colourOf(colour), colourOf(ground)).toFixed(1)} on ${ground}`);
    row.textContent = figures.join(" · ");
  });
}

tell();
new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
