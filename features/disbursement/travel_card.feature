Feature: What the booking desk buys is paid with a card made for this trip alone

  Background:
    Given travel cards are switched on
    And the organisation books a mother's and her boy's way home

  Scenario: The charge of a ticket settles it, and nobody logs it
    When the award is released
    Then the trip has a card that may buy what was approved and not a cent more
    When the desk buys the mother's seat with it and writes down the ticket
    Then the card has paid for her seat at the price of the ticket
    And the books balance

  Scenario: A charge of another price is nobody's ticket until a person says so
    When the award is released
    And the desk is charged a cent more than the ticket it wrote down
    Then the ticket still waits for its charge
    And finance is asked to explain the charge
    And the books balance

  Scenario: A merchant takes less than it was promised, and says that this is all
    When the award is released
    And the desk is promised the mother's seat and the merchant takes four dollars less
    Then her seat costs what the merchant took, and four dollars are free for other families
    And finance has nothing to explain
    And the books balance

  Scenario: A merchant takes more than it was promised
    When the award is released
    And the desk is promised the mother's seat and the merchant takes three dollars more
    Then the card has paid for her seat at the price of the ticket
    And finance is asked to explain the charge
    And the books balance
