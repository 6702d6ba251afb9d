// Conversations in the reader's browser: at most so many and so large, the oldest go first. Nothing of them is kept at the server.
import { titleOf, path, type Talk } from "./talk";

export interface Head {
  id: string;
  title: string;
  changed: number;
  bytes: number;
  words: string;
}

const MOST = 200;
const MOST_BYTES = 100 * 2 ** 20;
const HEADS = "heads";
const TALKS = "talks";

export class Store {
  private constructor(private readonly db: IDBDatabase | null, private readonly memory = new Map<string, { head: Head; talk: Talk }>()) {}

  // A browser may forbid storage; then conversations last as long as the page.
  static async open(): Promise<Store> {
    try {
      const asked = indexedDB.open("entrepot-chat", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore(HEADS, { keyPath: "id" });
        asked.result.createObjectStore(TALKS, { keyPath: "id" });
      };
      return new Store(await done(asked));
    } catch {
      return new Store(null);
    }
  }

  get lasts(): boolean {
    return this.db !== null;
  }

  // Newest first.
  async heads(): Promise<Head[]> {
    const all = this.db ? await done(this.db.transaction(HEADS).objectStore(HEADS).getAll() as IDBRequest<Head[]>) : [...this.memory.values()].map((kept) => kept.head);
    return all.sort((one, other) => other.changed - one.changed);
  }

  async get(id: string): Promise<Talk | undefined> {
    if (!this.db) return structuredClone(this.memory.get(id)?.talk);
    return done(this.db.transaction(TALKS).objectStore(TALKS).get(id) as IDBRequest<Talk | undefined>);
  }

  async put(talk: Talk): Promise<void> {
    const text = JSON.stringify(talk);
    const said = talk.lanes.flatMap(path).map((turn) => turn.text);
    const head = { id: talk.id, title: titleOf(talk), changed: talk.changed, bytes: text.length, words: said.join(" ").toLowerCase().slice(0, 20000) };
    if (!this.db) {
      this.memory.set(talk.id, { head, talk: JSON.parse(text) });
      return;
    }
    const change = this.db.transaction([HEADS, TALKS], "readwrite");
    change.objectStore(HEADS).put(head);
    change.objectStore(TALKS).put(JSON.parse(text));
    await finished(change);
    await this.bound();
  }

  async delete(id: string): Promise<void> {
    this.memory.delete(id);
    if (!this.db) return;
    const change = this.db.transaction([HEADS, TALKS], "readwrite");
    change.objectStore(HEADS).delete(id);
    change.objectStore(TALKS).delete(id);
    await finished(change);
  }

  async all(): Promise<Talk[]> {
    if (!this.db) return [...this.memory.values()].map((kept) => kept.talk);
    return done(this.db.transaction(TALKS).objectStore(TALKS).getAll() as IDBRequest<Talk[]>);
  }

  private async bound(): Promise<void> {
    let bytes = 0;
    for (const [place, head] of (await this.heads()).entries()) {
      bytes += head.bytes;
      if (place >= MOST || (place > 0 && bytes > MOST_BYTES)) await this.delete(head.id);
    }
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(change: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    change.oncomplete = () => resolve();
    change.onabort = change.onerror = () => reject(change.error);
  });
}
