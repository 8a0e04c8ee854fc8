// What this phone keeps of check-ins that are not sent yet: a link's answers, and its page to open without a connection.
const DAY = 86400000;

const opened = new Promise((resolve, reject) => {
  const asked = indexedDB.open("check-in", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("kept", {keyPath: "link"});
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});

async function ask(mode, act) {
  try {
    const store = (await opened).transaction("kept", mode).objectStore("kept");
    return await new Promise((resolve, reject) => {
      const asked = act(store);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } catch { /* a phone that keeps nothing still sends */ }
}

export function keep(link, days, what) {
  return ask("readwrite", store => store.put({...what, link, until: Date.now() + days * DAY}));
}

export function kept(link) {
  return ask("readonly", store => store.get(link));
}

export async function forget(link) {
  await ask("readwrite", store => store.delete(link));
  try { await (await caches.open("check-in")).delete(`/check-in/${link}`); } catch { /* without HTTPS no page is kept */ }
}

export async function all() { // but those whose link has ended, of which nothing stays
  const [found, now] = [await ask("readonly", store => store.getAll()) ?? [], Date.now()];
  for (const each of found) if (each.until < now) await forget(each.link);
  return found.filter(each => each.until >= now);
}
