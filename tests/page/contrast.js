// SPDX-License-Identifier: MIT
// The texts on the page whose contrast with what is behind them is below 4.5, and what is drawn whose is below 3:
// [[ratio, text or class]].
(() => {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const contrast = (color, ground) => {
    const [light, dark] = [luminance(color), luminance(ground)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const found = [];
  const expect = (least, ratio, what) => ratio >= least || found.push([Math.round(ratio * 100) / 100, what]);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility() || ['SCRIPT', 'NOSCRIPT'].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const color = parse(element instanceof SVGElement ? style.fill : style.color);
    expect(4.5, Number(style.opacity) * contrast(color, behind(element)), node.data.slice(0, 40));
  }
  // Among ten thousand lines none is to be seen, and those that are not of the chosen node step back.
  const mesh = document.getElementById('mesh'), drawn = mesh.classList.contains('dense') ? '.mark' : '.mark, path:not(.heads)';
  mesh.classList.remove('has-hot');
  for (const element of mesh.querySelectorAll(drawn)) {
    const style = getComputedStyle(element), ground = behind(element), opacity = Number(style.strokeOpacity);
    const color = parse(style.stroke).map((value, i) => opacity * value + (1 - opacity) * ground[i]);
    expect(3, contrast(color, ground), element.getAttribute('class'));
  }
  return found;
})()
