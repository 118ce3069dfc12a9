// SPDX-License-Identifier: MIT
// A headless Chromium spoken to over its debugging pipe: no driver, no port, no package.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function findChromium() {
  const candidates = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  return candidates.find((path) => path && existsSync(path));
}

const flags = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-default-apps', '--disable-extensions', '--hide-scrollbars', '--mute-audio',
  '--host-resolver-rules=MAP * ~NOTFOUND', '--remote-debugging-pipe',
];

// One browser with one page. Commands and events are those of the Chrome DevTools Protocol.
export class Browser {
  #child;
  #folder;
  #session;
  #next = 1;
  #waiting = new Map();
  #listeners = [];
  #rest = '';

  // On a machine under load a Chromium now and then never answers at all; then another is tried.
  static async start(program, tries = 3) {
    const browser = new Browser();
    const patience = setTimeout(() => browser.#abandon('Chromium did not answer within 30 s'), 30000);
    try {
      await browser.#launch(program);
      return browser;
    } catch (error) {
      await browser.stop();
      if (tries <= 1) throw error;
      return Browser.start(program, tries - 1);
    } finally {
      clearTimeout(patience);
    }
  }

  async #launch(program) {
    const browser = this;
    browser.#folder = mkdtempSync(join(tmpdir(), 'heapwise-chromium-'));
    browser.#child = spawn(program, [...flags, `--user-data-dir=${browser.#folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, so that its children can be ended with it
    });
    browser.#child.stdio[4].setEncoding('utf8').on('data', (text) => browser.#receive(text));
    browser.#child.stdio[3].on('error', () => {}); // the exit below says it
    browser.#child.on('exit', (code) => browser.#abandon(`Chromium ended with status ${code}`));
    browser.#child.on('error', (error) => browser.#abandon(`Chromium did not start: ${error.message}`));
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = sessionId;
  }

  send(method, params = {}) {
    const id = this.#next++;
    const message = { id, method, params, ...(this.#session ? { sessionId: this.#session } : {}) };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdio[3].write(JSON.stringify(message) + '\0');
    });
  }

  on(listener) {
    this.#listeners.push(listener);
  }

  // The value of an expression in the page.
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression, returnByValue: true, awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    return result.value;
  }

  // Until the expression is true in the page.
  async until(expression, seconds) {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      // While one page makes way for the next there may be none to ask.
      if (await this.evaluate(expression).catch(() => false)) return;
      await new Promise((wake) => setTimeout(wake, 50));
    }
    throw new Error(`not true within ${seconds} s: ${expression}`);
  }

  async stop() {
    const gone = new Promise((resolve) => this.#child.on('exit', resolve));
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
      await gone;
    } catch {
      // it had ended already
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  #receive(text) {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop();
    for (const message of messages.map((one) => JSON.parse(one))) {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (!waiting) this.#listeners.forEach((listener) => listener(message.method, message.params));
      else if (message.error) waiting.reject(new Error(message.error.message));
      else waiting.resolve(message.result);
    }
  }

  #abandon(reason) {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }
}
