/* Help that is needed is heard, and stands in the tab's title, until somebody goes. */
(() => {
  "use strict";

  const page = document.querySelector("[data-topic]");
  const place = document.querySelector("[data-board]");
  const title = document.title.replace(/^\(!\) /, "");
  const soundOff = page.querySelector("[data-sound-off]");
  const sound = new AudioContext();
  const [EVERY, LOUD] = [3, 0.25];
  const TONES = [
    [0, 0.3, 880],
    [0.3, 0.7, 660],
  ];
  let ringing = null;

  /* Two tones and a pause, which the browser itself repeats: no timer that a page in the background would lose. */
  function twoTones() {
    const buffer = sound.createBuffer(1, EVERY * sound.sampleRate, sound.sampleRate);
    const samples = buffer.getChannelData(0);
    for (const [from, to, pitch] of TONES) {
      for (let n = Math.floor(from * sound.sampleRate); n < to * sound.sampleRate; n += 1) {
        const [since, left] = [n / sound.sampleRate - from, to - n / sound.sampleRate];
        samples[n] = LOUD * Math.min(1, since * 50, left * 20) * Math.sin(2 * Math.PI * pitch * since);
      }
    }
    return Object.assign(sound.createBufferSource(), { buffer, loop: true });
  }

  function ring() {
    const isAlarm = place.querySelector(".alarm") !== null;
    document.title = (isAlarm ? "(!) " : "") + title;
    if (isAlarm && !ringing) {
      ringing = twoTones();
      ringing.connect(sound.destination);
      ringing.start();
    } else if (!isAlarm && ringing) {
      ringing.stop();
      ringing = null;
    }
    const isHeard = sound.state === "running";
    soundOff.hidden = isHeard;
    page.dataset.sound = isHeard ? (ringing ? "ringing" : "ready") : "off";
  }

  /* Browsers are silent until somebody has touched the page: any touch will do. */
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => sound.resume());
  sound.addEventListener("statechange", ring);
  document.addEventListener("board", ring);
  ring();
})();
