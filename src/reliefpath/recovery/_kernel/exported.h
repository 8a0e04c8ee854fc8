/* What the library shows to those who load it. */
#ifndef EXPORTED_H
#define EXPORTED_H

#ifdef _WIN32
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

#endif
