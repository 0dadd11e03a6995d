// The record of a joint test as one fills it in: repetitions added and taken away, time stamps by a tap, judgements and
// proposals from the server while there is network; the rest is what every field form does.

import { el } from "./page.js";
import { FieldForm, fieldsOf } from "./form.js";

const JUDGE_AFTER = 600; // ms
const form = document.getElementById("joint-test");
const hereNow = () => new Date().toLocaleString("sv-SE", { timeZone: form.dataset.zone }).split(" "); // day, time
const stamp = (name) => form.querySelector(`[data-stamp=${name}]`);

// the style shows one section at a time, that of the address; its link in the list says so
function open() {
  const current = form.querySelector(":target")?.closest("[data-section]") ?? form.querySelector("[data-section]");
  for (const link of form.querySelectorAll(".parts a")) link.ariaCurrent = String(link.hash === `#${current.id}`);
}

function add(key, number) {
  const list = form.querySelector(`[data-turns="${key}"]`);
  const taken = [...list.children].map((turn) => Number(turn.dataset.turn.split(".")[1]));
  const next = number ?? Math.max(0, ...taken) + 1;
  if (next > 98 || taken.includes(next)) return;
  const blank = form.querySelector(`template[data-blank="${key}"]`);
  const html = blank.innerHTML.replaceAll(`${key}.99`, `${key}.${next}`);
  list.insertAdjacentHTML("beforeend", html.replaceAll(/about([.-])99/g, `about$1${next}`));
}

function remove(turn) {
  const about = turn.querySelector("[name^='about.']")?.value;
  if (about) form.append(el("input", { type: "hidden", name: "dismissed", value: about })); // not proposed again
  turn.remove();
}

// the fields of a draft decide which repetitions there are
function shapeAs(fields) {
  const wanted = new Map();
  for (const [name] of fields) {
    const [part, key, number] = name.split(".");
    if (part === "about") wanted.set(`problems.${key}`, ["problems", Number(key)]);
    else if (["v", "was", "photo"].includes(part)) wanted.set(`${key}.${number}`, [key, Number(number)]);
  }
  for (const turn of form.querySelectorAll("[data-turns] > *")) if (!wanted.has(turn.dataset.turn)) turn.remove();
  const canAdd = ([key]) => form.querySelector(`template[data-blank="${key}"]`);
  for (const [key, number] of [...wanted.values()].filter(canAdd)) add(key, number);
  for (const [name, value] of fields.filter(([one]) => one.startsWith("about."))) form.elements[name].value = value;
}

let judging = 0;
async function judge() {
  judging = 0;
  const asked = { method: "POST", body: new URLSearchParams(fieldsOf(form)), redirect: "error" };
  const answer = await fetch(form.dataset.judge, asked).catch(() => undefined); // no network: the marks wait
  if (!answer?.ok || judging) return; // or a newer judgement is on its way
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const row of page.querySelectorAll("#new-problems > *")) {
    if (!document.getElementById(row.id)) form.querySelector("[data-turns=problems]").append(document.adoptNode(row));
  }
  for (const part of page.querySelectorAll("#judgement > [id]")) document.getElementById(part.id)?.replaceWith(part);
}

// the first tap is the start, the last one the end, unless they were typed
function stampStart() {
  if (stamp("start").value) return;
  const [day, time] = hereNow();
  stamp("start").value = time.slice(0, 5);
  stamp("date").value = day;
}

const page = new FieldForm(form, {
  changed() {
    clearTimeout(judging);
    judging = setTimeout(judge, JUDGE_AFTER);
  },
  complete() {
    stampStart();
    stamp("end").value ||= hereNow()[1].slice(0, 5);
  },
  restored: shapeAs,
});
form.addEventListener("input", stampStart);
form.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.dataset.add) add(button.dataset.add);
  else if (button?.matches("[data-remove]")) remove(button.closest("[data-turn]"));
  else if (button?.matches("[data-tap]")) button.parentElement.querySelector("input").value = hereNow()[1];
  else return;
  page.changed();
});
addEventListener("hashchange", open);
open();
