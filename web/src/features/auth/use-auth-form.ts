export { type Errors, useShortForm as useAuthForm, type Values } from "@/lib/short-form"
