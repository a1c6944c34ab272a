import { getSchema } from "@tiptap/core";
import { Origin } from "./document.js";
import { SCHEMA } from "./schema.js";
import { shape, shapeOf } from "./shape.js";
export { shape, shapeOf, Origin, SCHEMA, getSchema };
