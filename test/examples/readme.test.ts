/**
 * The code in README.md compiles as a user's would, against dist/, and prints what README.md says.
 */
import { suite } from "uvu";
import { testPrograms } from "./shown-programs.js";

const readme = suite("README.md");

testPrograms(readme, "README.md", 7);

readme.run();
