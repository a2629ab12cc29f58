/* What a page does better with script; each of these works without it too. */
"use strict";
(() => {
  const words = document.documentElement.lang === "en"
    ? { saved: "Draft kept at ", left: " characters left", over: " characters too many", offline: "Not sent: there is no connection. What you typed is still here; press again when the network is back." }
    : { saved: "草稿已自动保存 ", left: "字可写", over: "字超出", offline: "没有提交：网络断开。你填的内容还在，网络恢复后再按一次。" };
  const clock = () => new Date().toTimeString().slice(0, 5);

  const told = (form) => {
    let line = form.querySelector("[data-told]");
    if (!line) {
      line = document.createElement("p");
      line.className = "hint";
      line.setAttribute("role", "status");
      line.dataset.told = "";
      form.append(line);
    }
    return line;
  };

  const guarded = (form) => {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent || !navigator.onLine) {
        event.preventDefault();
        if (!sent) told(form).textContent = words.offline;
        return;
      }
      // A download leaves the page as it is.
      if (event.submitter && "again" in event.submitter.dataset) return;
      sent = true;
      form.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", () => { sent = false; delete form.dataset.sent; });
  };

  const keeping = (form) => {
    let waiting = 0;
    const keep = () => {
      if (form.dataset.sent || !navigator.onLine) return;
      const body = new URLSearchParams(new FormData(form));
      body.set("go", "keep");
      fetch(form.action, { method: "POST", body, credentials: "same-origin", redirect: "error" })
        .then((answer) => { if (answer.status === 204) told(form).textContent = words.saved + clock(); })
        .catch(() => {});
    };
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(keep, 2000); });
  };

  const counted = (box) => {
    const most = Number(box.dataset.most);
    const line = document.createElement("p");
    line.className = "hint";
    box.after(line);
    const tell = () => {
      const left = most - [...box.value].length;
      line.textContent = left < 0 ? -left + words.over : left + words.left;
      line.classList.toggle("error", left < 0);
    };
    box.addEventListener("input", tell);
    tell();
  };

  document.querySelectorAll("form[method=post]").forEach(guarded);
  document.querySelectorAll("form[data-kept]").forEach(keeping);
  document.querySelectorAll("textarea[data-most]").forEach(counted);
  document.querySelectorAll("[data-beside]").forEach((box) => {
    const choice = box.form.querySelector(`input[name="${box.dataset.beside}"][value="other"]`);
    box.addEventListener("input", () => { if (choice && box.value) choice.checked = true; });
  });
  document.addEventListener("keydown", (event) => {
    const find = document.getElementById("find");
    const typing = event.target.closest && event.target.closest("input, textarea, select");
    if (event.key === "/" && find && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
    }
  });
})();
