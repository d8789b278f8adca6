"""The words of the page that says whether a paper is ours, for a family and for whoever is shown one."""

from __future__ import annotations

GENUINE: dict[str, tuple[str, str]] = {
    "genuine_title": ("Is this paper from us?", "¿Es nuestro este documento?"),
    "genuine_intro": (
        "Each paper we send has a code in its last line: 12 letters and numbers. Type it here.",
        "Cada documento que enviamos tiene un código en su última línea: 12 letras y números. "
        "Escríbalo aquí, por favor.",
    ),
    "genuine_code": ("The code", "El código"),
    "genuine_file": ("The file, if you have it", "El archivo, si lo tiene"),
    "genuine_file_hint": (
        "The PDF or Word file just as we sent it, to see whether it was changed. A photo or a scan cannot be "
        "compared. We do not keep it.",
        "El archivo PDF o Word tal como lo enviamos, para ver si alguien lo cambió. Una foto o una copia "
        "escaneada no se puede comparar. No lo guardamos.",
    ),
    "genuine_hash": ("Or the SHA-256 of the file", "O el SHA-256 del archivo"),
    "genuine_hash_hint": (
        "Only if a program gave it to you: 64 letters and numbers.",
        "Solo si un programa se lo dio: 64 letras y números.",
    ),
    "genuine_hash_wrong": (
        "That SHA-256 was not complete: it has 64 signs, 0 to 9 and a to f. The file was not compared.",
        "Ese SHA-256 no está completo: tiene 64 signos, 0 a 9 y a a f. El archivo no se comparó.",
    ),
    "genuine_button": ("Look it up", "Buscar"),
    "genuine_yes": ("This paper is genuine", "Este documento es auténtico"),
    "genuine_changed_heading": ("This file is not the one we made", "Este archivo no es el que hicimos"),
    "genuine_no": ("We have no paper with that code", "No tenemos un documento con ese código"),
    "genuine_issued": ("Issued on", "Emitido el"),
    "genuine_kind": ("What it is", "Qué es"),
    "funder_request": ("Letter to somebody who gives money", "Carta a quien da dinero"),
    "partner_request": ("Letter to somebody who gives rooms or miles", "Carta a quien da cuartos o millas"),
    "minor_request": ("Letter to an airline, a bus or a train company", "Carta a una empresa de transporte"),
    "supervision_request": ("Letter to an office at an airport", "Carta a una oficina de un aeropuerto"),
    "genuine_compare": (
        "Is the paper in your hand of another kind? Then somebody copied the code: call us. The date printed "
        "on it can be a little earlier.",
        "¿El documento que tiene en la mano es de otro tipo? Entonces alguien copió el código: llámenos. La "
        "fecha impresa puede ser un poco anterior.",
    ),
    "genuine_not_said": (
        "We tell no names and no amounts here, and plans can change. To know what it says now, call us.",
        "Aquí no decimos nombres ni cantidades, y los planes pueden cambiar. Para saber qué dice ahora, "
        "llámenos.",
    ),
    "genuine_same": (
        "The file is the one we made. Nothing in it was changed.",
        "El archivo es el que hicimos. No cambió nada.",
    ),
    "genuine_changed": (
        "The code is ours. The file was changed, or saved or scanned again. Call us before you trust what it "
        "says.",
        "El código es nuestro. Alguien cambió el archivo, o lo guardó o lo escaneó otra vez. Llámenos antes "
        "de confiar en lo que dice.",
    ),
    "genuine_look_again": (
        "Please look at the code again, letter by letter. If it is right, the paper is not from us: call us.",
        "Revise el código otra vez, letra por letra. Si está bien, el documento no es nuestro: llámenos.",
    ),
}
