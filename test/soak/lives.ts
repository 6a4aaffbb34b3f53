/** All lives that the soak tests live. */
import { futureLives } from "./future-lives.js";
import { handleLives } from "./handle-lives.js";
import type { Life } from "./life.js";
import { taskLives } from "./task-lives.js";

export const lives: [name: string, life: Life][] = [futureLives, taskLives, handleLives].flatMap(Object.entries);
