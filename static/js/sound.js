/* What a called ticket sounds like: two notes, then its words where the browser has a voice for their language. Either
   works without the other. A browser may refuse all sound until somebody taps: the page says so, and a tap turns it
   on. Says how it stands in data-sound of the root: on, off, or none where the set-up wants none. */
const sound = (() => {
  "use strict";

  const NOTES = [880, 659.25];
  const NOTE_EVERY = 0.5;
  const NOTE_RINGS = 0.9;
  const SPOKEN_WITHIN = 8000;

  const root = document.documentElement;
  const badge = document.querySelector("[data-sound-off]");
  const audio = window.AudioContext ? new AudioContext() : null;
  const voices = window.speechSynthesis;
  let volume = 0;
  let speaks = false;
  let last = Promise.resolve();

  /* Every board says how this screen is set up: whoever changes it does not have to come here. */
  function setUp() {
    const wanted = document.querySelector("[data-set-up]").dataset;
    volume = Number(wanted.volume) / 100;
    speaks = wanted.speaks === "yes";
    show();
  }

  function show() {
    const isOn = audio !== null && audio.state === "running";
    root.dataset.sound = volume === 0 ? "none" : isOn ? "on" : "off";
    badge.hidden = root.dataset.sound !== "off";
  }

  const wake = () => audio && audio.state !== "running" && audio.resume().catch(() => {});

  /* Both one after the other, after all that was to be said before; unless `isWanted` says no by then. What fails takes
     neither the other nor any later call with it. Done when all is said. */
  function call(words, language, isWanted) {
    const may = () => volume > 0 && isWanted();
    last = last
      .then(() => may() && chime())
      .catch(() => {})
      .then(() => may() && speaks && speak(words, language))
      .catch(() => {});
    return last;
  }

  async function chime() {
    if (!audio || audio.state !== "running") return;
    // As loud as an ear takes it: half the number is not half the power.
    const loud = new GainNode(audio, { gain: 0.6 * volume * volume });
    loud.connect(audio.destination);
    NOTES.forEach((frequency, place) => ring(loud, frequency, audio.currentTime + place * NOTE_EVERY));
    await wait((NOTE_EVERY * (NOTES.length - 1) + NOTE_RINGS) * 1000);
    loud.disconnect();
  }

  function ring(loud, frequency, at) {
    const note = new OscillatorNode(audio, { frequency });
    const fades = new GainNode(audio, { gain: 0 });
    fades.gain.setValueAtTime(0, at);
    fades.gain.linearRampToValueAtTime(1, at + 0.015);
    fades.gain.exponentialRampToValueAtTime(0.001, at + NOTE_RINGS);
    note.connect(fades).connect(loud);
    note.start(at);
    note.stop(at + NOTE_RINGS);
  }

  /* A voice that never says that it has ended holds nobody up for long. */
  function speak(words, language) {
    const voice = voiceFor(language);
    if (!voice) return undefined;
    const said = new SpeechSynthesisUtterance(words);
    Object.assign(said, { voice, lang: voice.lang, volume, rate: 0.85 });
    const ended = new Promise((done) => (said.onend = said.onerror = done));
    voices.speak(said);
    return Promise.race([ended, wait(SPOKEN_WITHIN)]).then(() => voices.cancel());
  }

  function voiceFor(language) {
    const all = voices ? voices.getVoices() : [];
    const wanted = language.toLowerCase().split("-")[0];
    return all.find((one) => one.lang.toLowerCase().split(/[-_]/)[0] === wanted);
  }

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  if (audio) audio.onstatechange = show;
  for (const sign of ["pointerdown", "pointerup", "keydown"]) addEventListener(sign, wake);
  document.addEventListener("board", setUp);
  setUp();
  wake();

  return { call };
})();
