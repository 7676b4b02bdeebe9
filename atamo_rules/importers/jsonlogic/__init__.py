"""JsonLogic rules."""
