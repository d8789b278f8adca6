Feature: A family without a computer has its plan all the same
  She has an old phone, no e-mail, and nobody to print for her. Staff read the plan aloud and ask back what
  matters, a text message holds the rest, and a short address opens the page on any phone.

  Background:
    Given the boy's trip is released, and the organisation books his mother's way
    And Ana tickets the mother's fare with the code QK7P2M

  Scenario: Ana reads it aloud; a text of at most four parts tells a bystander nothing
    When Ana opens the script for the telephone
    Then she reads the code in Spanish, letter by letter, with the English beside it
    And she asks for the code back
    And the short address is spelled for her to say
    And the text message has at most 4 parts and holds the code QK7P2M
    And it names neither the mother nor the boy, no place and no hotel
    But when Ben, who only handles money, asks for the script he is turned away

  Scenario: The short address opens the plan on an old phone
    Given Ana has told her the code of eight and the six numbers
    When she types them at the short address
    Then her page says that part of the trip is confirmed, with the code QK7P2M
