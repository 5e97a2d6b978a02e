"use strict";
const told = JSON.parse(document.getElementById("data").textContent);
document.getElementById("heading").textContent = told.sequence;
document.getElementById("warning").textContent = told.warning;
document.getElementById("film").src = told.film;
document.getElementById("sheet").src = "data:image/jpeg;base64," + document.getElementById("sheet-0").textContent;
for (const [name, words] of told.facts) {
  const term = document.createElement("dt"), said = document.createElement("dd");
  term.textContent = name;
  said.textContent = words;
  document.getElementById("facts").append(term, said);
}
